"""What users can do. Services take ports, return plain values, and hold every rule of a use case.

Front ends call one method per action and add no rule of their own.
"""

"""The composition root: the one place that knows every adapter, front end and the sandbox."""

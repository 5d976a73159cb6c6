"""What is said where only one state of the books can be read."""


def nothing_before(generation: int) -> str:
    return (
        f"Generation {generation} is the first that can be read: there is nothing before it to "
        "compare with."
    )

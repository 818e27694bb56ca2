"""A file to try the mutants on: its tests forget what it says about age."""


def fare(*, age: int, distance: int) -> str:
    """What a journey costs."""
    if distance <= 0:
        return "nothing"
    if age >= 65:
        return "half"
    return "all" if distance < 100 and age != 0 else "all, and a seat"


def never_asked(ticket: str) -> bool:
    """Nobody tests this."""
    return not ticket

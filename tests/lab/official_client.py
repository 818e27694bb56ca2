"""Decode answers with Authentik's own client: [[model, text], …] as JSON on stdin; out goes what it says of each."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import authentik_client
from pydantic import ValidationError

# Of these it says that they are never null. The servers of its version send null all the same; later clients know it.
NULL_ALL_THE_SAME = ("policy_obj", "group_obj", "user_obj")


def complaints(model: str, answer: Any) -> Iterator[str]:
    """Yield what the client says against an answer; rows are looked at one by one, so that none hides another."""
    if isinstance(answer, list):
        for row in answer:
            yield from complaints(model, row)
        return
    if model.startswith("Paginated"):
        yield from complaints(model.removeprefix("Paginated").removesuffix("List"), answer["results"])
        answer = {**answer, "results": []}
    try:
        getattr(authentik_client, model).from_dict(answer)
    except ValidationError as error:
        for each in error.errors():
            if each["loc"][-1] not in NULL_ALL_THE_SAME or each["input"] is not None:
                yield f"{model} {'.'.join(map(str, each['loc']))}: {each['msg']}"


if __name__ == "__main__":
    json.dump([list(complaints(model, json.loads(text))) for model, text in json.load(sys.stdin)], sys.stdout)

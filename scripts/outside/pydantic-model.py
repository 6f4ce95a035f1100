"""
What FastAPI with pydantic 2 makes of `PATCH /v1/organizations`, in each version of the API: scripts/outside/pydantic.js holds
the server against it. Reads a request a line from standard input and writes what it finds, both as JSON.

Our own decisions stand in the models too (SUPPORTED.md): no NUL characters and unpaired surrogates, no limits above 2^53 - 1,
no NaN in metadata.
"""

import importlib.metadata
import json
import sys
from typing import Annotated, Any

import pydantic
from pydantic import AfterValidator, BaseModel, BeforeValidator, EmailStr, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

CATEGORIES = ["metadata", "data", "search", "upload", "compute"]
TIERS = {
    "free": [20, 10, 10, 5, 5],
    "pro": [100, 60, 60, 30, 30],
    "team": [200, 100, 100, 50, 50],
    "enterprise": [1000, 600, 600, 300, 300],
}

try:
    EMAIL_VALIDATOR = importlib.metadata.version("email-validator")
except importlib.metadata.PackageNotFoundError:
    EMAIL_VALIDATOR = None


# What the words are read as. Known by identity: 1e400 is an infinity too, and is kept as it was sent.
CONSTANTS = {word: float(word) for word in ["NaN", "Infinity", "-Infinity"]}


class Written(str):
    """A number as it was written."""

    def __repr__(self):
        return str(self)


def is_well_formed(text):
    return not any("\ud800" <= char <= "\udfff" for char in text)


def refuse_unstorable(value, refused="\0"):
    if isinstance(value, str) and (refused in value or not is_well_formed(value)):
        raise PydanticCustomError(
            "value_error", "Value error, null characters and unpaired surrogates are not allowed"
        )
    return value


def refuse_constants(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    if any(value is constant for constant in CONSTANTS.values()):
        raise PydanticCustomError("finite_number", "Input should be a finite number")
    for one in inner:
        refuse_constants(one)
    return value


def spoil_unstorable_names(value):
    """Gives a name that is refused a text that is refused: a member has one error, at its name."""
    if not isinstance(value, dict):
        return value
    return {
        name: text if is_well_formed(name) and "\0" not in name or not isinstance(text, str) else "\0"
        for name, text in value.items()
    }


Text = Annotated[str, AfterValidator(refuse_unstorable)]
TextMap = Annotated[dict[str, Text], BeforeValidator(spoil_unstorable_names)]
# email-validator has a reason of its own for NUL.
Email = Annotated[
    EmailStr if EMAIL_VALIDATOR else str, BeforeValidator(lambda value: refuse_unstorable(value, refused="\ud800"))
]
Metadata = Annotated[dict[str, Any], AfterValidator(refuse_constants)]
Limit = Annotated[int, Field(ge=1, le=2**53 - 1)]


class BaseRateLimits(BaseModel):
    metadata: Limit = 10
    data: Limit = 10
    search: Limit = 10
    upload: Limit = 10
    compute: Limit = 10


class Update081(BaseModel):
    organization_name: Text | None = None
    logo_url: Text | None = None
    billing_email: Email | None = None
    metadata: Metadata | None = None
    rate_limits: BaseRateLimits | None = None


class Update082(BaseModel):
    organization_name: Text | None = None
    logo_url: Text | None = None
    billing_email: Email | None = None
    notifications_email: Email | None = None
    metadata: Metadata | None = None
    rate_limit_overrides: BaseRateLimits | None = None
    default_llm_credentials: TextMap | None = None
    nsfw_check_enabled: bool | None = None
    nsfw_fail_closed: bool | None = None


MODELS = {"0.81": TypeAdapter(Update081), "0.82": TypeAdapter(Update082)}
# The kinds of the fixtures.
KINDS = {
    "booleans": TypeAdapter(bool | None),
    "integers": TypeAdapter(Annotated[int, Field(ge=1)]),
    "string-maps": TypeAdapter(dict[str, str] | None),
    **({"emails": TypeAdapter(EmailStr)} if EMAIL_VALIDATOR else {}),
}
# What the response does not show, as the last PATCH left it. A run has one server of each version.
HIDDEN = {"nsfw_check_enabled": False, "nsfw_fail_closed": False}
# What null does not remove: it leaves these as they are and makes those an empty object.
KEPT = ["organization_name", "notifications_email", *HIDDEN]
OBJECTS = ["metadata", "default_llm_credentials"]
LIMITS = {"rate_limits": "merged", "rate_limit_overrides": "replaced"}


def validate(adapter, value, outer):
    """The validated value, and the errors as FastAPI shows them, without `input`."""
    try:
        return adapter.validate_python(value, from_attributes=True), []
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        return None, [{**one, "loc": [*outer, *one["loc"]]} for one in errors]


def read_body(adapter, body):
    """As FastAPI reads the body of a request whose only parameter is a model."""
    missing = [{"type": "missing", "loc": ["body"], "msg": "Field required"}]
    if body == "":
        return None, missing
    try:
        value = json.loads(body.encode(), parse_constant=CONSTANTS.get)
    except json.JSONDecodeError as error:
        loc, ctx = ["body", error.pos], {"error": error.msg}
        return None, [{"type": "json_invalid", "loc": loc, "msg": "JSON decode error", "ctx": ctx}]
    return (None, missing) if value is None else validate(adapter, value, ["body"])


def apply(before, update, sent):
    """The organization of the next GET, and what it does not show."""
    after = dict(before)
    for name in update.model_fields_set:
        value = getattr(update, name)
        if value is None and name in KEPT:
            continue
        if name in LIMITS:
            tier = dict(zip(CATEGORIES, TIERS[before["account_type"]]))
            base = before["rate_limits"] if value and LIMITS[name] == "merged" else tier
            after["rate_limits"] = {**base, **(value.model_dump(exclude_unset=True) if value else {})}
        elif name in OBJECTS:
            after[name] = {} if value is None else sent[name]
        else:
            after[name] = value
    return after


def read_written(text):
    """JSON whose numbers stay as they were written: objects come back with all their digits."""
    return json.loads(text, parse_int=Written, parse_float=Written)


def compare(version, body, status, answer, before, after, entry):
    """
    How a PATCH, its entry in the journal and the GET behind it differ from the model's. `answer`, `before`, `after` and `entry`
    are texts.
    """
    update, errors = read_body(MODELS[version], body)
    if status != (422 if errors else 200):
        return [f"the status is {status}, pydantic says {json.dumps(errors) if errors else 'ok'}"]
    if errors:
        detail = json.loads(answer)["detail"]
        found = [] if detail == errors else [f"the detail is {json.dumps(detail)}, pydantic says {json.dumps(errors)}"]
        return found if before == after else [*found, f"yet it changed {before} to {after}"]
    previous, stored = {**read_written(before), **HIDDEN}, read_written(after)
    expected = {**apply(previous, update, read_written(body)), "updated_at": stored["updated_at"]}
    HIDDEN.update({name: expected[name] for name in HIDDEN})
    stored |= HIDDEN
    found = [] if answer == after else [f"PATCH answered {answer}, GET {after}"]
    if list(stored) != list(previous):
        found.append(f"the members are {list(stored)}, they were {list(previous)}")
    for name, (value, right) in list_changes(stored, expected).items():
        found.append(f"{name} is {value!r}, pydantic says {right!r}")
    changes = list_changes(previous, expected)
    time = changes.pop("updated_at", None)
    # An override that is the limit of the tier is a change too.
    if time and not changes and not update.model_fields_set & LIMITS.keys():
        found.append(f"nothing changed, but updated_at: {time}")
    entries = read_written(entry)["changes"] or []
    shown = list_changes(*({one["member"]: one[side] for one in entries} for side in ["before", "after"]))
    if repr(sorted(shown.items())) != repr(sorted(changes.items())):
        found.append(f"the journal shows the changes {shown}, pydantic says {changes}")
    return found


def list_changes(before, after):
    """The members that differ: numbers in their digits, objects in the order of their members too."""
    return {name: (value, after[name]) for name, value in before.items() if repr(value) != repr(after[name])}


def observe(kind, text):
    """What pydantic makes of a value of a fixture."""
    value, errors = validate(KINDS[kind], json.loads(text), [])
    if errors:
        return {"errors": errors}
    return {"ok": json.dumps(value, separators=(",", ":"), ensure_ascii=False) if kind == "string-maps" else value}


print(json.dumps({"pydantic": pydantic.VERSION, "email_validator": EMAIL_VALIDATOR}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(observe(**request) if "kind" in request else compare(**request)), flush=True)

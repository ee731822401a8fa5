"""What schemathesis cannot know of the API from its document."""

import schemathesis


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """`fields` leaves out attributes that the schema of the whole resource requires: the project's own tests cover it."""
    for item in raw_schema["paths"].values():
        for operation in item.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [parameter for parameter in parameters if parameter["name"] != "fields"]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Writes run dry, so that no request takes away what the next one needs."""
    takes_dry_run = any(parameter.name == "dry_run" for parameter in case.operation.query)
    if takes_dry_run and (case.query or {}).get("dry_run") in (None, True, False, "true", "false"):
        case.query = {**(case.query or {}), "dry_run": "true"}
    # A version is seldom guessed, and a write that needs one would get no further.
    if any(parameter.name == "If-Match" for parameter in case.operation.headers):
        headers = case.headers if case.headers is not None else {}
        if "if-match" not in {name.lower() for name in headers}:
            case.headers = {**headers, "If-Match": "*"}

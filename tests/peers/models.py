"""Loads whole event bodies into the official Python SDK's models and says what does not fit."""

import json
import typing

import peer

import lark_oapi as lark
from lark_oapi.event.custom import CustomizedEvent

SIMPLE = (str, int, float, bool)


def known_models():
    """Every `p2.<type>` the SDK has a model for."""
    builder = lark.EventDispatcherHandler.builder("", "")
    for name in dir(builder):
        if name.startswith("register_p2_") and name != "register_p2_customized_event":
            getattr(builder, name)(lambda _: None)
    handler = builder.build()
    processors = {**handler._processorMap, **handler._callback_processor_map}
    return {kind: processor.type() for kind, processor in processors.items()}


def compare(value, kind, path, unknown, mistyped):
    """Walks a body beside the SDK's declarations (`_types`) of what it may hold."""
    if value is None or kind in (None, typing.Any):
        return
    if kind in SIMPLE:
        # The platform writes long numbers as decimal text where the SDK declares `int`; in Python a
        # boolean is an `int`, in JSON it is not.
        fits = isinstance(value, kind) and not (kind is not bool and isinstance(value, bool))
        fits = fits or (kind is int and isinstance(value, str) and value.isdecimal())
        if not fits and not (kind is float and isinstance(value, int)):
            mistyped.append(f"{path}: {kind.__name__}, not {type(value).__name__}")
        return
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (list, set, tuple):
        if not isinstance(value, list):
            mistyped.append(f"{path}: list, not {type(value).__name__}")
            return
        for index, item in enumerate(value):
            compare(item, arguments[0], f"{path}[{index}]", unknown, mistyped)
    elif origin is dict:
        if not isinstance(value, dict):
            mistyped.append(f"{path}: object, not {type(value).__name__}")
            return
        for name, item in value.items():
            compare(item, arguments[1], f"{path}.{name}", unknown, mistyped)
    elif isinstance(kind, type) and hasattr(kind, "_types"):
        if not isinstance(value, dict):
            mistyped.append(f"{path}: object, not {type(value).__name__}")
            return
        members, types = vars(kind()), kind._types
        for name, item in value.items():
            inner = f"{path}.{name}" if path else name
            if name not in members:
                unknown.append(inner)
            else:
                compare(item, types.get(name), inner, unknown, mistyped)


def main():
    models = known_models()
    for body in peer.input_records():
        if body.get("schema"):
            kind = body["header"]["event_type"]
            model = models.get("p2." + kind)
        else:
            # The SDK has no models of its own for v1: all of them are customised events.
            kind, model = body["event"]["type"], CustomizedEvent
        record = {"type": kind, "model": model.__name__ if model else None, "unknown": [], "mistyped": []}
        if model:
            try:
                record["value"] = json.loads(lark.JSON.marshal(lark.JSON.unmarshal(json.dumps(body), model)))
            except Exception as error:
                record["error"] = f"{type(error).__name__}: {error}"
            compare(body, model, "", record["unknown"], record["mistyped"])
        peer.emit(record)


main()

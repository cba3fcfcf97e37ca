"""Validates documents by a JSON Schema, with the reference implementation's own rules."""

import jsonschema
import peer

validator = None
for line in peer.input_records():
    if "schema" in line:
        jsonschema.Draft202012Validator.check_schema(line["schema"])
        validator = jsonschema.Draft202012Validator(line["schema"])
        continue
    error = jsonschema.exceptions.best_match(validator.iter_errors(line["document"]))
    peer.emit({"valid": error is None, "error": error and f"{error.json_path}: {error.message}"[:500]})

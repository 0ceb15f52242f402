"""Global ids: opaque, typed texts under which the API knows every object.

An id is base64url (no padding) of ``Type:part:part``. Case-side ids carry the home city and a UUID
(``Case:3304:0193…``), offices and persons a number (``Office:12``). Only the one canonical text of an object is
accepted; clients must not take ids apart.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid

from caseway.errors import CasewayError

#: One element of an id: a 32-bit whole number, a UUID, or a short key such as ``seed-004``.
Part = int | uuid.UUID | str

LONGEST_ID = 200
_INT32 = 2**31
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+\Z")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_NUMBER = re.compile(r"(?:0|-?[1-9][0-9]{0,9})\Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
#: A key begins with a letter, so that it can never be taken for a number or (checked first) a UUID.
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.@/-]*\Z")


class MalformedId(CasewayError):
    """This is not an id of the kind this field takes: pass an id exactly as the platform answered it."""

    code = "MALFORMED_ID"


def encode(type_name: str, *parts: Part) -> str:
    """The global id of an object: its GraphQL type and what identifies it. Wrong parts are a programming error."""
    if not _TYPE.match(type_name) or not parts:
        raise ValueError(f"an id needs a type name and a part, not {type_name!r} {parts!r}")
    text = ":".join([type_name, *(_text(part) for part in parts)])
    encoded = base64.urlsafe_b64encode(text.encode("ascii")).rstrip(b"=").decode("ascii")
    if len(encoded) > LONGEST_ID:
        raise ValueError("an id may have 200 characters at most")
    return encoded


def split(global_id: str) -> tuple[str, tuple[Part, ...]]:
    """Type name and parts of any id, for ``node(id:)``. ``MalformedId`` unless it is a canonical id."""
    if len(global_id) > LONGEST_ID or not _BASE64URL.match(global_id):
        raise MalformedId
    try:
        text = base64.urlsafe_b64decode(global_id + "=" * (-len(global_id) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        raise MalformedId from None
    type_name, *texts = text.split(":")
    if not _TYPE.match(type_name) or not texts:
        raise MalformedId
    parts = tuple(_part(each) for each in texts)
    if encode(type_name, *parts) != global_id:
        raise MalformedId
    return type_name, parts


def decode(expected_type: str, global_id: str) -> tuple[Part, ...]:
    """The parts of an id of the expected type, for inputs. ``MalformedId`` for anything else."""
    try:
        type_name, parts = split(global_id)
    except MalformedId:
        type_name, parts = "", ()
    if type_name != expected_type:
        raise MalformedId(expected=expected_type)
    return parts


def decode_number(expected_type: str, global_id: str) -> int:
    """The number in an id such as an office's or a person's."""
    match decode(expected_type, global_id):
        case (int() as number,):
            return number
    raise MalformedId(expected=expected_type)


def decode_case_side(expected_type: str, global_id: str) -> tuple[int, uuid.UUID]:
    """Home city and UUID in the id of a case or of anything that belongs to one."""
    match decode(expected_type, global_id):
        case (int() as city_id, uuid.UUID() as key):
            return city_id, key
    raise MalformedId(expected=expected_type)


def try_decode(expected_type: str, global_id: str) -> tuple[Part, ...] | None:
    """Like ``decode``, for reads: an unknown id is answered exactly like an absent object, with null."""
    try:
        return decode(expected_type, global_id)
    except MalformedId:
        return None


def try_decode_number(expected_type: str, global_id: str) -> int | None:
    """Like ``decode_number``, for reads."""
    try:
        return decode_number(expected_type, global_id)
    except MalformedId:
        return None


def try_decode_case_side(expected_type: str, global_id: str) -> tuple[int, uuid.UUID] | None:
    """Like ``decode_case_side``, for reads."""
    try:
        return decode_case_side(expected_type, global_id)
    except MalformedId:
        return None


def _text(part: Part) -> str:
    match part:
        case bool():
            raise ValueError("a truth value identifies nothing")
        case int() if -_INT32 <= part < _INT32:
            return str(part)
        case uuid.UUID():
            return str(part)
        case str() if _KEY.match(part) and not _UUID.match(part):
            return part
    raise ValueError(f"not a part of an id: {part!r}")


def _part(text: str) -> Part:
    if _NUMBER.match(text):
        number = int(text)
        if not -_INT32 <= number < _INT32:
            raise MalformedId
        return number
    if _UUID.match(text):
        return uuid.UUID(text)
    if _KEY.match(text):
        return text
    raise MalformedId

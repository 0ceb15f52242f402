"""Refusals of the access layer."""

from __future__ import annotations

from caseway.errors import CasewayError


class PolicyEmpty(CasewayError):
    """The policy has too few rows to be the platform's own: run `caseway policies generate`, or install anew."""

    code = "POLICY_EMPTY"


class PolicyInvalid(CasewayError):
    """The permission matrix or the policy made from it is not well formed: the message names the line."""

    code = "POLICY_INVALID"


class OverrideRefused(CasewayError):
    """This change of permissions is not possible for your office: see the reasons."""

    code = "OVERRIDE_REFUSED"


class OverrideNotFound(CasewayError):
    """There is no such rule in force in an office that you administer: it may have been revoked already."""

    code = "OVERRIDE_NOT_FOUND"

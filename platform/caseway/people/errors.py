"""Refusals about staff, their logins and their posts."""

from __future__ import annotations

from caseway.access.identity import TokenExpired, Unauthenticated
from caseway.errors import CasewayError
from caseway.tenancy.errors import OfficeClosed

__all__ = ["OfficeClosed", "TokenExpired", "Unauthenticated"]


class LoginFailed(CasewayError):
    """Name and password do not match, or the account cannot be used now: check both; after several failures wait."""

    code = "LOGIN_FAILED"


class LoginBusy(CasewayError):
    """Too many passwords are being checked at this moment: try again in a few seconds."""

    code = "LOGIN_BUSY"


class RefreshInvalid(Unauthenticated):
    """This refresh token is unknown, expired or revoked: log in again."""

    code = "REFRESH_INVALID"


class RefreshReused(Unauthenticated):
    """This refresh token was used before: the session has been ended for safety, log in again."""

    code = "REFRESH_REUSED"


class PasswordTooShort(CasewayError):
    """A password has 12 characters at least: a few words in a row are easy to remember."""

    code = "PASSWORD_TOO_SHORT"


class PasswordTooLong(CasewayError):
    """A password has 256 characters at most."""

    code = "PASSWORD_TOO_LONG"


class PasswordTooCommon(CasewayError):
    """This password is among the first that would be guessed: take one without common words, runs or your name."""

    code = "PASSWORD_TOO_COMMON"


class PasswordWrong(CasewayError):
    """The present password does not match: check it; after several failures the account is locked for a while."""

    code = "PASSWORD_WRONG"


class ActingOfficeRequired(CasewayError):
    """You have posts in several offices or in none: say for which office you act in the header ``Caseway-Office``."""

    code = "ACTING_OFFICE_REQUIRED"


class ActingOfficeInvalid(CasewayError):
    """You cannot act for this office: choose one in which you hold a post at present."""

    code = "ACTING_OFFICE_INVALID"


class UsernameTaken(CasewayError):
    """This user name is taken: choose another."""

    code = "USERNAME_TAKEN"


class RoleCombination(CasewayError):
    """Nobody both administers an office and audits: give the two roles to different persons."""

    code = "ROLE_COMBINATION"


class RoleNotGrantable(CasewayError):
    """This role cannot be granted by an office's administrator: the operator of the platform grants it."""

    code = "ROLE_NOT_GRANTABLE"


class MembershipExists(CasewayError):
    """The person already holds a post in this office in that time: end it first."""

    code = "MEMBERSHIP_EXISTS"


class MembershipEnded(CasewayError):
    """This post has ended already."""

    code = "MEMBERSHIP_ENDED"


class PersonDeactivated(CasewayError):
    """This person has been deactivated: nothing can be granted or changed any more."""

    code = "PERSON_DEACTIVATED"


class OwnPosts(CasewayError):
    """Nobody grants, ends or deactivates their own posts: ask another administrator."""

    code = "OWN_POSTS"

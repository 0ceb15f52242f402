"""What tests about rule books do over HTTP: open, write, publish, look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.scenes import Desk, Scene

Rule = dict[str, Any]


def rule(code: str, kind: str, **parameters: Any) -> Rule:
    """A rule as ``ruleDraftPut`` takes it. Names of fields of the rule are taken as such, all others are parameters."""
    fields = {name: parameters.pop(name) for name in list(parameters) if name in _FIELDS}
    given = [{"name": name, "value": value} for name, value in parameters.items()]
    return {"code": code, "kind": kind, "parameters": given, **fields}


_FIELDS = ("appliesTo", "guard", "unresolved", "isEnabled", "isWithheld", "withheldReason", "clause")


def span(n: int, unit: str) -> dict[str, Any]:
    """A span of time."""
    return {"n": n, "unit": unit}


@dataclass
class Author:
    """The administrator of an office at work on its rule book."""

    scene: Scene
    username: str
    #: Code of the office.
    office: str

    @property
    def desk(self) -> Desk:
        """Where the administrator sits."""
        return self.scene.desk(self.username)

    async def given(self, **fields: Any) -> dict[str, Any]:
        """An input about the office's draft."""
        return {"officeId": await self.scene.office(self.office), **fields}

    async def open(self, **fields: Any) -> dict[str, Any]:
        """Open the draft."""
        done = await self.desk.do("admin/OpenRuleDraft", **await self.given(**fields))
        return dict(done["version"])

    async def put(self, given: Rule, **fields: Any) -> dict[str, Any]:
        """Write a rule into the draft."""
        done = await self.desk.do("admin/PutRule", **await self.given(rule=given, **fields))
        return dict(done["version"])

    async def put_refused(self, given: Rule, **fields: Any) -> dict[str, Any]:
        """A rule that is refused, and the refusal."""
        answer = await self.desk.attempt("admin/PutRule", **await self.given(rule=given, **fields))
        assert answer.code is not None, answer.result
        return answer.result

    async def draft(self) -> dict[str, Any] | None:
        """The draft with its rules by code, as the administrator sees it."""
        found = await view(self.desk, await self.scene.office(self.office))
        return None if found is None or found["draft"] is None else with_rules(found["draft"])

    async def revision(self) -> str:
        """The revision of the draft."""
        draft = await self.draft()
        assert draft is not None
        return str(draft["revision"])

    async def publish(self, **fields: Any) -> dict[str, Any]:
        """Publish the draft as it is."""
        fields.setdefault("revision", await self.revision())
        return await self.desk.do("admin/PublishRuleBook", **await self.given(**fields))

    async def publish_refused(self, **fields: Any) -> dict[str, Any]:
        """A publication that is refused, and the refusal."""
        fields.setdefault("revision", await self.revision())
        answer = await self.desk.attempt("admin/PublishRuleBook", **await self.given(**fields))
        assert answer.code is not None, answer.result
        return answer.result

    async def confirm(self, username: str, **fields: Any) -> dict[str, Any]:
        """Let a colleague confirm what was proposed."""
        fields.setdefault("revision", await self.revision())
        return await self.scene.desk(username).do("leader/ConfirmRuleBook", **await self.given(**fields))


async def view(desk: Desk, office_id: str) -> dict[str, Any] | None:
    """The rule book of an office as somebody sees it."""
    found = (await desk.send("shared/RuleBookView", officeId=office_id, first=50)).data["ruleBook"]
    return None if found is None else dict(found)


def with_rules(version: dict[str, Any]) -> dict[str, Any]:
    """A version with its rules by code, and their parameters by name."""
    rules = {each["code"]: each | {"parameters": values_of(each)} for each in version["rules"]["nodes"]}
    return version | {"rules": rules}


def values_of(given: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a rule by name."""
    return {each["name"]: each["value"] for each in given["parameters"]}


async def effective(desk: Desk, office_id: str, kind: str, *, at: str | None = None) -> list[dict[str, Any]]:
    """The effective rules of a kind."""
    found = (await desk.send("shared/EffectiveRules", officeId=office_id, kind=kind, at=at)).data["effectiveRules"]
    return [dict(each) for each in found["rules"]]


async def about(desk: Desk, office_id: str, kind: str, subject: str, *, at: str | None = None) -> dict[str, Any]:
    """The one effective rule of a kind about something."""
    (found,) = [each for each in await effective(desk, office_id, kind, at=at) if each["subject"] == subject]
    return found


def sources(given: dict[str, Any], parameter: str) -> list[tuple[str, int, str]]:
    """Book, version and rule behind a value of an effective rule."""
    (found,) = [each for each in given["parameters"] if each["name"] == parameter]
    return [(each["bookCode"], each["version"], each["ruleCode"]) for each in found["sources"]]

"""What escalations refuse."""

from __future__ import annotations

from caseway.errors import CasewayError


class NoEscalationRule(CasewayError):
    """No rule in force for this office lets it go up for these reasons: name others, or use the ordinary orders."""

    code = "NO_ESCALATION_RULE"


class NoFurtherRung(CasewayError):
    """The ladder ends here: there is no further office that the rule names."""

    code = "NO_FURTHER_RUNG"


class NoUpperOffice(CasewayError):
    """Nobody above answers to what the rule names, is free of the complaint and not the holder: ask the superior."""

    code = "NO_UPPER_OFFICE"


class EscalationOpen(CasewayError):
    """This ladder is being climbed already: wait for the answer, or recall what was asked."""

    code = "ESCALATION_OPEN"


class EscalationStepRefused(CasewayError):
    """The escalation is not in a state in which your side can do this: read it again and see its state."""

    code = "ESCALATION_STEP_REFUSED"


class EscalationStands(CasewayError):
    """A rule raised this, not your office: it stands until the office above has answered it."""

    code = "ESCALATION_STANDS"


class EscalationNested(CasewayError):
    """The case was taken up further from here: it has to be handed back to this office first, then you can go on."""

    code = "ESCALATION_NESTED"


class NotTakenUp(CasewayError):
    """Your office did not take this case up from another one: there is nowhere to hand it back to."""

    code = "NOT_TAKEN_UP"

"""Where the effect of each kind lives, or what the kind waits for: the one place where that is switched."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """Where the effect of a kind lives, or what it waits for; exactly one of the two is given."""

    lives_in: str | None = None
    waits_for: str | None = None


#: Kind -> where its effect lives or what it waits for.
EFFECTS: dict[str, Effect] = {
    "accountability": Effect(lives_in="supervision"),
    "agency": Effect(waits_for="agents"),
    "attendance": Effect(waits_for="attendance"),
    "case_lead": Effect(waits_for="leaders of cases"),
    "choice_mode": Effect(waits_for="appointments"),
    "deadline": Effect(lives_in="clocks"),
    "decision_check": Effect(waits_for="decision checks"),
    "document_set": Effect(lives_in="leads"),
    "escalation": Effect(lives_in="escalation"),
    "fixed_day": Effect(lives_in="reception"),
    "follow_up": Effect(waits_for="evaluation"),
    "hearing": Effect(waits_for="hearings"),
    "intake": Effect(lives_in="intake"),
    "leader_duty": Effect(lives_in="reception"),
    "liaison": Effect(lives_in="leads"),
    "meeting": Effect(waits_for="meetings"),
    "metric": Effect(lives_in="oversight"),
    "preparation": Effect(waits_for="appointments"),
    "procedure": Effect(waits_for="procedures"),
    "protection": Effect(lives_in="access"),
    "publication": Effect(waits_for="publication"),
    "rank_set": Effect(lives_in="reception"),
    "report": Effect(lives_in="supervision"),
    "resource": Effect(lives_in="reception"),
    "review_chain": Effect(lives_in="clocks"),
    "routing": Effect(lives_in="custody"),
    "screening": Effect(waits_for="screening"),
    "session_setup": Effect(waits_for="sessions"),
    "substitution": Effect(waits_for="sessions"),
    "supervision": Effect(lives_in="supervision"),
}

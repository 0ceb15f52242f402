"""The second lock: row level security of every table with cases in it, generated from the same questions as the plans.

What a row opens to is an array of principals (``caseway.db.scope``): the platform, its handler and its leader in
charge, every office with a live grant, the holding office and the areas around it. Which of these count for which class
of case is asked of the enforcer for all roles, so the lock opens no relation that no role could use. It is wider than a
plan on purpose (it knows no roles, only who could see anything at all); bars close everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseway.access.bundles import base_bundle
from caseway.access.facts import OFFICE_GRANTS
from caseway.access.matrix import BasePolicy
from caseway.access.permissions import ROLES, SIGHT
from caseway.access.plans import probe
from caseway.access.tables import DEEPEST
from caseway.db.scope import AREA, DRAFTS, SYSTEM
from caseway.db.session import APP_ROLE

#: (is an accusation, is held by a discipline body)
RowClass = tuple[bool, bool]
ROW_CLASSES: tuple[RowClass, ...] = ((False, False), (False, True), (True, False), (True, True))
#: Principals that each relation contributes; the grants of offices share the column ``granted`` with those of linked
#: leaders (minus the person's id), and a recorded reason counts only inside the area, so it needs no principal.
PRINCIPALS: dict[str, str] = {
    "mine": "-{0}assignee_id",
    "led": "-{0}lead_id",
    "own": "{0}holder_id",
    "below": ", ".join(f"{AREA} + {{0}}l{depth}" for depth in range(1, DEEPEST + 1)),
}
_SAME_AS = dict.fromkeys(OFFICE_GRANTS, "granted") | {"reasoned": "below", "linked": "granted"}
#: Below this a number of accusations is not told (domain 5.5).
SMALLEST_COUNT = 5


@dataclass(frozen=True, slots=True)
class Table:
    """What requests may do with a table, and where its rows take their visibility from."""

    name: str
    #: Privileges in SQL; columns in brackets where only some may be touched.
    grants: str
    #: cases · matter · child (by city_id, case_id) · notice (an office's own; by its case, where it has one) · platform
    #: (seen by the platform only) · hidden (like platform, but its owner's functions read it) · version (a rule book's:
    #: public once published, before that its office's) · rule (as its version) · review (its office's) · office (its
    #: office's, and those of the areas around it) · open (no tenant's rows)
    rows: str = "open"


TABLES: tuple[Table, ...] = (
    Table("cases", "select, insert, update", "cases"),
    Table("matter", "select, insert", "matter"),
    Table("registration", "select, insert", "child"),
    Table("petitioner", "select, insert, update", "child"),
    Table("accusation_record", "select, insert", "child"),
    Table("case_grant", "select, insert, update", "child"),
    Table("case_record", "select, insert, update (served_at)", "child"),
    Table("recusal", "select, insert", "child"),
    Table("ledger_event", "select, insert", "child"),
    Table("clock_event", "select, insert", "child"),
    Table("timer", "select, insert, update, delete", "platform"),
    Table("outbox", "select, insert, update, delete", "platform"),
    Table("office_notice", "select, insert, update (read_at, read_by), delete", "notice"),
    Table("custody", "select, insert, update (to_at)", "child"),
    Table("custody_order", "select, insert, update", "child"),
    Table("competence_decision", "select, insert", "child"),
    Table("escalation", "select, insert, update", "child"),
    Table("responsibility_list", "select, insert", "child"),
    Table("supervision", "select, insert", "child"),
    Table("accountability_evidence", "select, insert", "child"),
    Table("report_duty", "select, insert, update (filed_at, filed_by, body)", "child"),
    Table("accountability_review", "select, insert, update (state, decided_at, decided_by, decision)", "office"),
    Table("report_filing", "select, insert", "office"),
    Table("liaison_link", "select, insert, update (valid_to)"),
    # Its texts are found through app.search_cases only.
    Table("case_search", "select (city_id, case_id), insert, update (grams), delete", "hidden"),
    Table("rule_book", "select, insert, update (name)"),
    Table("rule_book_version", "select, insert, update", "version"),
    Table("rule_row", "select, insert, delete", "rule"),
    Table("rule_review", "select, insert", "review"),
    Table("rule_recheck", "select, insert, update (done_path, done_at)", "platform"),
    Table("calendar_year", "select, insert, update"),
    Table("calendar_day", "select, insert, delete"),
    Table("local_day", "select, insert, update (revoked_at, revoked_by)"),
    Table("calendar_revision", "select, update"),
    Table("office", "select, insert, update"),
    Table("office_event", "select, insert"),
    Table("person", "select, insert, update"),
    Table("account", "select, insert, update"),
    Table("membership", "select, insert, update"),
    Table("refresh_token", "select, insert, update, delete"),
    Table("signing_key", "select, insert, update"),
    Table("data_key", "select, insert, update"),
    Table("authz_rule", "select, insert, update (revoked_at, revoked_by, epoch)"),
    Table("authz_epoch", "select, update"),
    Table("access_event", "select, insert"),
    Table("admin_task", "select, insert, update (closed_at, closed_by)"),
    Table("reception_session", "select, insert, update"),
    Table("reception_turn", "select, insert, update (present_id)"),
    Table("resource_declaration", "select, insert"),
    Table("idempotent_result", "select, insert, update, delete"),
    Table("rate_bucket", "select, insert, update"),
    Table("stat_delta", "select, insert, update (at), delete", "platform"),
    Table("stat_case", "select, insert, update", "platform"),
    Table("stat_cell", "select, insert, update, delete", "platform"),
    Table("stat_mark", "select, insert, delete", "platform"),
    Table("stat_check", "select, insert, update", "platform"),
)


def opened(base: BasePolicy) -> dict[RowClass, frozenset[str]]:
    """For each class of case the relations through which some role can see it at all."""
    bundle = base_bundle(base)
    found: dict[RowClass, set[str]] = {row_class: set() for row_class in ROW_CLASSES}
    for role in ROLES:
        for permission in SIGHT:
            for relation, states in probe(bundle, role, permission).allow.items():
                for _, accusation, competent in states:
                    found[(accusation, competent)].add(relation)
    return {row_class: frozenset(relations) for row_class, relations in found.items()}


def visible(relations: dict[RowClass, frozenset[str]], alias: str = "") -> str:
    """The condition under which a row of ``cases`` is visible, as SQL. ``alias`` ends in a dot or is empty."""
    parts = {row_class: _parts(names) for row_class, names in relations.items()}
    common = frozenset.intersection(*parts.values())
    arrays = [_array({str(SYSTEM)} | (common - {"granted"}), alias)]
    if "granted" in common:
        arrays.append(f"{alias}granted")
    rest = {row_class: names - common for row_class, names in parts.items()}
    arrays.append(
        f"case when {alias}petition_class = 'ACCUSATION' then {_by_competence(rest, True, alias)} "
        f"else {_by_competence(rest, False, alias)} end"
    )
    return f"({' || '.join(arrays)}) operator(app.&&&) app.scopes() and not ({alias}barred && app.bars())"


def statements(base: BasePolicy) -> list[str]:
    """Everything in order: role, functions, privileges, policies."""
    expression = visible(opened(base))
    found = [*_ROLE, *_FUNCTIONS, _OVERLAP, _search(visible(opened(base), "c.")), *_COUNTS, *_FUNCTION_PRIVILEGES]
    for table in TABLES:
        found.append(f"grant {table.grants} on {table.name} to {APP_ROLE}")
        found += _table_policies(table, expression)
    # An office's id is part of its path, so it is fetched before the row is written.
    found.append(f"grant usage on sequence office_id_seq to {APP_ROLE}")
    return [*found, "insert into authz_epoch (id, value) values (1, 0) on conflict do nothing"]


def write_sql(base: BasePolicy) -> str:
    """The statements as one script; a migration runs a frozen copy of it."""
    head = "-- Generated by `caseway policies rls`: do not edit. Migrations run the frozen copy beside them."
    return "\n".join([head, *(f"{statement};\n" for statement in statements(base))])


def _parts(relations: frozenset[str]) -> frozenset[str]:
    """Relations as what is compared."""
    return frozenset(_SAME_AS.get(relation, relation) for relation in relations)


def _array(parts: frozenset[str] | set[str], alias: str) -> str:
    if not parts:
        return "'{}'::int[]"
    ordered = [part for part in (str(SYSTEM), *PRINCIPALS) if part in parts]
    return f"array[{', '.join(PRINCIPALS.get(part, part).format(alias) for part in ordered)}]"


def _by_competence(rest: dict[RowClass, frozenset[str]], accusation: bool, alias: str) -> str:
    arrays = {competent: _array(rest[(accusation, competent)], alias) for competent in (False, True)}
    if any("granted" in rest[(accusation, competent)] for competent in (False, True)):
        arrays = {
            competent: f"{array} || {alias}granted" if "granted" in rest[(accusation, competent)] else array
            for competent, array in arrays.items()
        }
    if arrays[True] == arrays[False]:
        return arrays[True]
    return f"case when {alias}held_by_discipline then {arrays[True]} else {arrays[False]} end"


def _table_policies(table: Table, cases_visible: str) -> Sequence[str]:
    name = table.name
    platform = f"app.scopes() @> array[{SYSTEM}]"
    own_drafts = f"app.scopes() && array[{SYSTEM}, {DRAFTS} + {name}.office_id]"
    # What may be changed or deleted at all, once the platform does it.
    changeable = removable = ""
    match table.rows:
        case "cases":
            using = cases_visible
        case "matter":
            # It comes before its first case, so the platform sees it without one.
            of_matter = f"c.city_id = {name}.city_id and c.matter_id = {name}.id"
            using = f"{platform} or exists (select from cases c where {of_matter} offset 0)"
        case "child":
            # "offset 0" keeps it one index look-up a row: without it the planner may hash all visible cases first.
            using = f"exists (select from cases c where c.city_id = {name}.city_id and c.id = {name}.case_id offset 0)"
        case "notice":
            # Only the office's own people, and of them only those who see the case.
            of_case = f"c.city_id = {name}.city_id and c.id = {name}.case_id"
            using = (
                f"app.scopes() && array[{SYSTEM}, {name}.office_id] "
                f"and ({name}.case_id is null or exists (select from cases c where {of_case} offset 0))"
            )
        case "version":
            using = f"{name}.state = 'PUBLISHED' or {own_drafts}"
            changeable = f"{name}.state <> 'PUBLISHED' and "
        case "rule":
            of_version = f"v.book_id = {name}.book_id and v.number = {name}.number"
            using = f"exists (select from rule_book_version v where {of_version} offset 0)"
            removable = f"exists (select from rule_book_version v where {of_version} and v.state <> 'PUBLISHED') and "
        case "review":
            using = own_drafts
        case "office":
            around = ", ".join(f"{AREA} + o.l{depth}" for depth in range(1, DEEPEST + 1))
            mine = (
                f"select from office o where o.id = {name}.office_id and array[o.id, {around}] && app.scopes() offset 0"
            )
            using = f"{platform} or exists ({mine})"
        case "hidden" | "platform":
            using = platform
        case _:
            return ()
    found = [f"alter table {name} enable row level security"]
    if table.rows != "hidden":
        found.append(f"alter table {name} force row level security")
    found.append(f"create policy {name}_read on {name} for select using ({using})")
    found.append(f"create policy {name}_add on {name} for insert with check ({platform})")
    if "update" in table.grants:
        # Locking a row to write it is done under the actor's own scope, writing it after a permission was granted.
        change = f"{changeable}({using})" if changeable else using
        found.append(f"create policy {name}_change on {name} for update using ({change}) with check ({platform})")
    if "delete" in table.grants:
        found.append(f"create policy {name}_remove on {name} for delete using ({removable}{platform})")
    return found


_ROLE = (
    f"""do $$ begin
  if not exists (select from pg_roles where rolname = '{APP_ROLE}') then
    create role {APP_ROLE} nologin nosuperuser nobypassrls;
  end if;
exception when duplicate_object or unique_violation then
  null; -- another database of the same server was made at the same moment
end $$""",
    f"""do $$ begin
  if not pg_has_role(current_user, '{APP_ROLE}', 'usage') then
    execute 'grant {APP_ROLE} to ' || quote_ident(current_user);
  end if;
end $$""",
    "create schema if not exists app",
    f"grant usage on schema app to {APP_ROLE}",
    f"""do $$ begin
  if to_regclass('alembic_version') is not null then
    grant select on alembic_version to {APP_ROLE}; -- readiness compares it with the release
  end if;
end $$""",
)
# Written so that PostgreSQL inlines them: an unset or empty setting is an empty array, and no row overlaps with that.
_FUNCTIONS = tuple(
    f"""create function app.{name}() returns int[] language sql stable parallel safe
  as $$ select coalesce(nullif(current_setting('app.{name}', true), ''), '{{}}')::int[] $$"""
    for name in ("scopes", "bars")
)
# The same as &&, but taken to be true of almost every row, as it is of those that a plan has chosen. Of && PostgreSQL
# expects one row in two hundred, so it would rather read and sort all open cases of an area than follow an index in its
# order until a page is full.
_OVERLAP = (
    "create operator app.&&& (leftarg = anyarray, rightarg = anyarray, "
    "procedure = pg_catalog.arrayoverlap, restrict = pg_catalog.neqsel)"
)
_FUNCTION_PRIVILEGES = (
    "revoke all on all functions in schema app from public",
    f"grant execute on function app.scopes(), app.bars(), app.search_cases(text[], int, int), app.case_counts(int) "
    f"to {APP_ROLE}",
)


def _search(cases_visible: str) -> str:
    """Text search. The match operator is not leakproof, so no index would serve it behind a row policy; the function
    runs as the owner and applies the caller's own visibility itself. Accusations have no texts to be found by."""
    levels = ", ".join(f"c.l{depth}" for depth in range(1, DEEPEST + 1))
    return f"""create function app.search_cases(wanted text[], area int, most int)
  returns table (city_id int, case_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select c.city_id, c.id
    from public.case_search s join public.cases c on c.city_id = s.city_id and c.id = s.case_id
    where s.grams @@ (
        select string_agg('''' || replace(replace(gram, '\\', '\\\\'), '''', '''''') || '''', ' & ')::tsquery
        from unnest(wanted) as gram where gram <> '')
      and (area = 0 or area in ({levels}))
      and c.petition_class <> 'ACCUSATION'
      and {cases_visible}
    order by c.registered_at desc, c.id desc
    limit least(greatest(most, 0), 1000)
  $$"""


# Counting sees rows that nobody may see one by one, so the part that counts is nobody's to call: it opens the scope for
# itself alone and puts it back (after an error the transaction does). A SET clause of the function would do the same,
# but only superusers may write one for such a setting. The part that is called checks the area against the caller's own
# scope and passes on its bars.
_COUNTS = (
    f"""create function app.count_area(level int, area int, bars int[])
  returns table (petition_class text, is_open boolean, cases bigint)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
  as $$
  declare
    scopes_before text = coalesce(current_setting('app.scopes', true), '');
    bars_before text = coalesce(current_setting('app.bars', true), '');
  begin
    if level between 1 and {DEEPEST} then
      perform set_config('app.scopes', '{{{SYSTEM}}}', true), set_config('app.bars', '', true);
      return query execute 'select petition_class, is_open, count(*) from public.cases where l' || level
        || ' = $1 and not (barred && $2) group by 1, 2 order by 1, 2' using area, bars;
      perform set_config('app.scopes', scopes_before, true), set_config('app.bars', bars_before, true);
    end if;
  end $$""",
    f"""create function app.case_counts(area int)
  returns table (petition_class text, is_open boolean, cases bigint)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select n.petition_class, n.is_open,
      case when n.petition_class = 'ACCUSATION' and n.cases < {SMALLEST_COUNT} then null else n.cases end
    from public.office o cross join lateral app.count_area(o.depth, o.id, app.bars()) n
    where o.id = area
      and array[{SYSTEM}, {", ".join(f"{AREA} + o.l{depth}" for depth in range(1, DEEPEST + 1))}] && app.scopes()
  $$""",
)

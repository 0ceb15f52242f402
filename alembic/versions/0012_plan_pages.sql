alter policy cases_read on cases using ((array[0, -assignee_id] || granted || case when petition_class = 'ACCUSATION' then case when held_by_discipline then array[-lead_id, holder_id] else '{}'::int[] end else array[-lead_id, holder_id, 1000000000 + l1, 1000000000 + l2, 1000000000 + l3, 1000000000 + l4, 1000000000 + l5, 1000000000 + l6] end) operator(app.&&&) app.scopes() and not (barred && app.bars()));

alter policy cases_change on cases using ((array[0, -assignee_id] || granted || case when petition_class = 'ACCUSATION' then case when held_by_discipline then array[-lead_id, holder_id] else '{}'::int[] end else array[-lead_id, holder_id, 1000000000 + l1, 1000000000 + l2, 1000000000 + l3, 1000000000 + l4, 1000000000 + l5, 1000000000 + l6] end) operator(app.&&&) app.scopes() and not (barred && app.bars()));

create or replace function app.search_cases(wanted text[], area int, most int)
  returns table (city_id int, case_id uuid)
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select c.city_id, c.id
    from public.case_search s join public.cases c on c.city_id = s.city_id and c.id = s.case_id
    where s.grams @@ (
        select string_agg('''' || replace(replace(gram, '\', '\\'), '''', '''''') || '''', ' & ')::tsquery
        from unnest(wanted) as gram where gram <> '')
      and (area = 0 or area in (c.l1, c.l2, c.l3, c.l4, c.l5, c.l6))
      and c.petition_class <> 'ACCUSATION'
      and (array[0, -c.assignee_id] || c.granted || case when c.petition_class = 'ACCUSATION' then case when c.held_by_discipline then array[-c.lead_id, c.holder_id] else '{}'::int[] end else array[-c.lead_id, c.holder_id, 1000000000 + c.l1, 1000000000 + c.l2, 1000000000 + c.l3, 1000000000 + c.l4, 1000000000 + c.l5, 1000000000 + c.l6] end) operator(app.&&&) app.scopes() and not (c.barred && app.bars())
    order by c.registered_at desc, c.id desc
    limit least(greatest(most, 0), 1000)
  $$;

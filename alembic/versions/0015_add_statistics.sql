grant select, insert, update (at), delete on stat_delta to caseway_app;

alter table stat_delta enable row level security;

alter table stat_delta force row level security;

create policy stat_delta_read on stat_delta for select using (app.scopes() @> array[0]);

create policy stat_delta_add on stat_delta for insert with check (app.scopes() @> array[0]);

create policy stat_delta_change on stat_delta for update using (app.scopes() @> array[0]) with check (app.scopes() @> array[0]);

create policy stat_delta_remove on stat_delta for delete using (app.scopes() @> array[0]);

grant select, insert, update on stat_case to caseway_app;

alter table stat_case enable row level security;

alter table stat_case force row level security;

create policy stat_case_read on stat_case for select using (app.scopes() @> array[0]);

create policy stat_case_add on stat_case for insert with check (app.scopes() @> array[0]);

create policy stat_case_change on stat_case for update using (app.scopes() @> array[0]) with check (app.scopes() @> array[0]);

grant select, insert, update, delete on stat_cell to caseway_app;

alter table stat_cell enable row level security;

alter table stat_cell force row level security;

create policy stat_cell_read on stat_cell for select using (app.scopes() @> array[0]);

create policy stat_cell_add on stat_cell for insert with check (app.scopes() @> array[0]);

create policy stat_cell_change on stat_cell for update using (app.scopes() @> array[0]) with check (app.scopes() @> array[0]);

create policy stat_cell_remove on stat_cell for delete using (app.scopes() @> array[0]);

grant select, insert, delete on stat_mark to caseway_app;

alter table stat_mark enable row level security;

alter table stat_mark force row level security;

create policy stat_mark_read on stat_mark for select using (app.scopes() @> array[0]);

create policy stat_mark_add on stat_mark for insert with check (app.scopes() @> array[0]);

create policy stat_mark_remove on stat_mark for delete using (app.scopes() @> array[0]);

grant select, insert, update on stat_check to caseway_app;

alter table stat_check enable row level security;

alter table stat_check force row level security;

create policy stat_check_read on stat_check for select using (app.scopes() @> array[0]);

create policy stat_check_add on stat_check for insert with check (app.scopes() @> array[0]);

create policy stat_check_change on stat_check for update using (app.scopes() @> array[0]) with check (app.scopes() @> array[0]);


"""Compiled reads: a query over mapped types becomes one SQL statement a root field, whose text is the answer.

``mapping`` says what a field is in SQL · ``selection`` reads what a document asks · ``writing`` turns both into an
expression · ``statements`` puts the root's rows, the second lock and that expression together · ``binding`` numbers
parameters · ``pages`` makes a connection of rows · ``engine`` remembers all of it and is what the executor calls.
Whatever is not mapped leaves the whole operation to the ordinary executor.
"""

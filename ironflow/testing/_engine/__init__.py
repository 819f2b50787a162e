"""What happens: the server's data and the rules by which it changes; nothing of HTTP.

Each domain has a module, with its rules in prose and a store that holds its data. A store belongs
to an environment or to the server as a whole and is made on first use:
``environment.of(Buckets)``. Modules import downwards only::

    access
    organizations    streams    operations    workers    tables
    emitting
    execution    projections
    runs    events    schemas    kv    documents    permissions    people    queries
    state
    clock    patterns    refusals    times
"""

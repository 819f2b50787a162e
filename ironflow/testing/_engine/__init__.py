"""What happens: the server's data and the rules by which it changes. Nothing of HTTP is in here.

Each domain has a module, which states its rules and has a store that holds its data. A store
belongs to an environment or to the whole server and is created on first use:
``environment.of(Buckets)``. A module imports from the rows below its own only::

    access
    organizations    streams    operations    workers    tables
    emitting
    execution    projections
    runs    events    schemas    kv    documents    permissions    people    queries
    state
    clock    patterns    refusals    times
"""

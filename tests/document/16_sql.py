# SQL

# Run a SQL query against projection tables
client.sql_create(body={"query": "SELECT * FROM order_stats LIMIT 10"})

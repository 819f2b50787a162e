# Organizations, roles, policies and tenants

# Organizations — full CRUD
client.orgs_list()
client.orgs_get("org_123")
client.orgs_create(body={"name": "my-org"})
client.orgs_patch("org_123", body={"name": "renamed"})
client.orgs_delete("org_123")
# Roles — full CRUD plus policy attach/detach
client.roles_list()
client.roles_get("role_123")
client.roles_create(body={"name": "editor", "org_id": "org_123"})
client.roles_patch("role_123", body={"name": "senior-editor"})
client.roles_delete("role_123")
client.roles_policies("role_123", body={"policy_id": "policy_456"}) # attach
client.roles_delete_policies("role_123", "policy_456") # detach
# Policies — full CRUD
client.policies_list()
client.policies_get("policy_456")
client.policies_create(body={
    "name": "allow-emit",
    "effect": "allow",
    "actions": "emit:*",
    "resources": "*",
})
client.policies_patch("policy_456", body={"name": "allow-all-emit"})
client.policies_delete("policy_456")
# Tenants
client.tenants_list()
client.tenants_provision(body={"name": "new-tenant"})

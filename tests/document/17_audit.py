# Audit

# Global audit feed
client.audit_list()

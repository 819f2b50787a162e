# Configuration

client = IronflowClient(
    server_url="http://localhost:9123", # Default
    api_key="ifkey_...", # Optional, required for authenticated endpoints
    timeout=30.0, # Request timeout in seconds
)

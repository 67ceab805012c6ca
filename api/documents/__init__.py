"""What is published about the API, made from the code: OpenAPI, AsyncAPI, pages to browse them."""

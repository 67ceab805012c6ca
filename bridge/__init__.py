"""Job events to WebSocket, Server-Sent Events and polling."""

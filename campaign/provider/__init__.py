"""Who places the calls. Behind `ports.Provider`; `wiring` chooses one."""

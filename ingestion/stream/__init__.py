"""The walk as a service: transform, store, index and account, for ever."""

//! Hand-overs to a scripted mail server.

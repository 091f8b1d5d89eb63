"""Traces: who came, went and was placed, and on which nodes; read, written, made up, recorded."""

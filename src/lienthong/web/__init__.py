"""The shared look: base templates, components, static files, problem pages."""

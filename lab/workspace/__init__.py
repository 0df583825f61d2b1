"""The workspace: settings, projects, artifacts and jobs. Imports no other room."""

"""What tests and checks run on: throw-away servers, settings, processes of this project."""

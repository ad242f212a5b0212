"""Where customers stand: models of stages, and bringing facts and stages up to date."""

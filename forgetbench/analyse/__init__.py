"""Analysis: specialisation gain and forgetting, as pure functions of results."""

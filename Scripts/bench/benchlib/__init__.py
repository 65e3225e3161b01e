"""The pieces of Scripts/bench/run and Scripts/bench/growth."""

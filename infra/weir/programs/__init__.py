"""The Pulumi programs: one typed configuration in, components out; and the same programs run without an engine."""

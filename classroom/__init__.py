"""For students and teachers: known mistakes, checks that name them, and assignments."""

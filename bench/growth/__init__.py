"""How cost grows: a large installation made by SQL, and what each thing costs in it, at three sizes."""

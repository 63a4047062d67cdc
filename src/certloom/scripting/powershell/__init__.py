"""Restricted PowerShell: scripts that compute values, run without PowerShell and without a way to the host.

Reading order: ``parser`` turns text into the tree of ``syntax``; ``checks`` finds words that are not supported;
``compiling`` turns the tree into closures; ``run`` runs them within ``limits``. What a script may name is written
out in ``cmdlets`` and ``types``: nothing else exists for it.
"""

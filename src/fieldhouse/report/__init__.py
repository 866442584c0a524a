"""Figures, and those who draw them: on a terminal, as SVG and PNG, in pages that stand alone.

``figure`` describes what is shown, ``gathering`` asks a warehouse for it, ``thinning``, ``ticks``
and ``layout`` say where it stands (pure), ``terminal``, ``svg``, ``png`` and ``page`` write it.
``document`` puts a report together, of the ``facts`` and their ``sections``.
"""

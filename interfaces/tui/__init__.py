"""The terminal interface: Textual over the services, nothing decided here.

How it is put together

``app.MonitrApp`` paints a shell first and only then opens the services in a thread. ``places``
lists where one can go (keys 1 to 5, letters, the bar on top, the command palette); each place is a
mode of the app with a stack of screens of its own, imported when it is first visited.

How a screen is added

1. Write ``screens/<name>.py`` with a subclass of ``screen.MonitrScreen``. Override ``body()`` to
   yield its widgets, and ``load()`` to ask for what they show; ``load`` is called at the first
   showing, at every return to the screen, and by ``r``.
2. Never call a service on the UI thread. ``self.ask(question, then)`` runs ``question(services)``
   in a thread and calls ``then(answer)`` back on the UI thread. Questions of one ``group``
   supersede each other: only the last one's answer arrives. A Failure becomes the panel above the
   footer (sentence, what to do, Ctrl+R to try again); TryAgain is tried again unasked.
3. ``activity_seen(events)`` is called on the showing screen when something happened (its default
   calls ``load()``), ``beat()`` every ``refresh_seconds`` while it shows (default: nothing), for
   what moves without an event: the progress of runs. Compare before updating a widget: what does
   not change must not be painted, so that an idle screen writes nothing to the terminal.
4. ``FILTERS = True`` gives the screen ``/``: override ``filtered(words)``; Escape ends it with "".
5. Bindings with a description show in the footer, in ``?`` and in the command palette. ``HELP`` is
   the text on top of ``?``.
6. A place of its own gets a line in ``places.PLACES``; any other screen is pushed with
   ``self.app.push_screen``. Dialogs are subclasses of ``screen.Dialog`` with the same ``ask``.
7. Looks: ``CSS`` on the class, colours only from theme variables, ``.-narrow`` (below 100 columns),
   ``.-wide`` (from 100) and ``.-very-wide`` (from 150) on the screen for layouts. Every character
   may be used: terminals without Unicode get a filter that turns each into ASCII.

Only this package's ``app``, ``screen``, ``places``, ``settings`` and ``widgets.shell`` are imported
before the first paint; they import no service and no library but Textual and attrs.
"""

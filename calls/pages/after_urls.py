"""Addresses of what comes after calls, below /b/<slug>/: tasks, and what a business wants to happen."""

from django.urls import path

from calls.pages import after_calls, news, outgoing, tasks, voicemail

urlpatterns = [
    path("tasks/", tasks.tasks, name="tasks"),
    path("tasks/<uuid:task_id>/done/", tasks.done, name="task-done"),
    path("tasks/<uuid:task_id>/reopen/", tasks.reopen, name="task-reopen"),
    path("tasks/<uuid:task_id>/give/", tasks.give, name="task-give"),
    path("news/", news.news, name="news"),
    path("settings/outgoing-calls/", outgoing.outgoing_settings, name="outgoing-settings"),
    path("settings/after-calls/", after_calls.after_calls, name="after-calls"),
    path("settings/voicemail/", voicemail.voicemail, name="voicemail"),
]

"""Addresses of what is to be done, below /b/<slug>/tasks/."""

from django.urls import path

from calls.pages import tasks

urlpatterns = [
    path("", tasks.tasks, name="tasks"),
    path("<uuid:task_id>/done/", tasks.done, name="task-done"),
    path("<uuid:task_id>/reopen/", tasks.reopen, name="task-reopen"),
    path("<uuid:task_id>/give/", tasks.give, name="task-give"),
]

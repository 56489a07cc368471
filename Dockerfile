# One image for every process of an installation: web, worker, beat, migrate (docker-compose.yml starts each).
# To build the same thing every time, give the base image by its digest (docs/deploy.md, "Images by digest").

ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE} AS packages
COPY requirements.txt /tmp/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt

FROM ${PYTHON_IMAGE}
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DEBUG=0
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /app frontdesk
COPY --from=packages /venv /venv
COPY . .
# The settings refuse to start without secrets of the right form. Collecting static files uses none of them.
# Compiled here: at run time the image is read-only.
RUN SECRET_KEY=only-for-collecting-static-files-at-build PUBLIC_URL=https://frontdesk.invalid \
    TWILIO_ACCOUNT_SID=missing TWILIO_AUTH_TOKEN=missing OPENAI_API_KEY=missing \
    FIELD_ENCRYPTION_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= python manage.py collectstatic --noinput \
    && python -m compileall -q . \
    && mkdir -p var/media && chmod 700 var var/media && chown -R frontdesk var
USER frontdesk
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["daphne", "--bind", "0.0.0.0", "--port", "8000", "--verbosity", "1", "frontdesk.asgi:application"]

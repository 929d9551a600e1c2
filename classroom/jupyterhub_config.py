"""JupyterHub on one machine: every student gets JupyterLab with the book's library.

    npm install --prefix .venv configurable-http-proxy
    .venv/bin/jupyterhub -f classroom/jupyterhub_config.py

Students log in as users of this machine. For another way in, set c.JupyterHub.authenticator_class.
"""

import os
import sys
from pathlib import Path

ENVIRONMENT = Path(sys.prefix)

c = get_config()  # noqa: F821
proxy = ENVIRONMENT / "node_modules" / ".bin" / "configurable-http-proxy"
if proxy.exists():
    c.ConfigurableHTTPProxy.command = str(proxy)
c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # put a server with a certificate in front of it
c.Authenticator.allow_all = True  # every user of this machine
c.Spawner.cmd = [str(ENVIRONMENT / "bin" / "jupyterhub-singleuser")]
c.Spawner.default_url = "/lab"
c.Spawner.environment = {
    "PATH": f"{ENVIRONMENT / 'bin'}{os.pathsep}{os.environ['PATH']}",
    "JUPYTER_PREFER_ENV_PATH": "1",
    "OMP_NUM_THREADS": "1",  # a class shares the processors
}
c.Spawner.http_timeout = 60

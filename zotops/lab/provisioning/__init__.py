"""The practice infrastructure repository: playbook, roles and tasks as data, and the Python that lays them out."""

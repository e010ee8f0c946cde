"""The plain API. DATABASE_URI says where its database is; where QUEUE_URL is set, each change sends a job."""

import os
from datetime import UTC, datetime
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy

app = Flask("plain")
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URI"]
db = SQLAlchemy(app)


class Todo(db.Model):  # type: ignore[name-defined]  # Flask-SQLAlchemy makes the base at run time
    """A todo."""

    __tablename__ = "todos"

    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(10_000), nullable=False)
    description = db.Column(db.String(10_000))
    completed = db.Column(db.Boolean, nullable=False, default=False)
    deadline_at = db.Column(db.DateTime(timezone=True))
    created_at = db.Column(db.DateTime(timezone=True), nullable=False, default=lambda: datetime.now(UTC))
    updated_at = db.Column(
        db.DateTime(timezone=True),
        nullable=False,
        default=lambda: datetime.now(UTC),
        onupdate=lambda: datetime.now(UTC),
    )

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "completed": self.completed,
            "deadline_at": self.deadline_at.isoformat() if self.deadline_at else None,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }


@app.get("/api/v1/todos")
def get_todos() -> ResponseReturnValue:
    """All todos."""
    return jsonify([todo.as_dict() for todo in Todo.query.order_by(Todo.id).all()])


@app.get("/api/v1/todos/<int:todo_id>")
def get_todo(todo_id: int) -> ResponseReturnValue:
    """One todo."""
    todo = db.session.get(Todo, todo_id)
    return (jsonify(todo.as_dict()), 200) if todo else (jsonify(error="Todo not found"), 404)


@app.post("/api/v1/todos")
def create_todo() -> ResponseReturnValue:
    """A new todo."""
    body = request.get_json()
    todo = Todo(title=body["title"], description=body.get("description"), completed=body.get("completed", False))
    if body.get("deadline_at"):
        todo.deadline_at = datetime.fromisoformat(body["deadline_at"])
    db.session.add(todo)
    db.session.commit()
    _changed()
    return jsonify(todo.as_dict()), 201


@app.put("/api/v1/todos/<int:todo_id>")
def update_todo(todo_id: int) -> ResponseReturnValue:
    """A change of a todo."""
    todo = db.session.get(Todo, todo_id)
    if todo is None:
        return jsonify(error="Todo not found"), 404
    body = request.get_json()
    todo.title = body.get("title", todo.title)
    todo.description = body.get("description", todo.description)
    todo.completed = body.get("completed", todo.completed)
    db.session.commit()
    _changed()
    return jsonify(todo.as_dict())


@app.get("/api/v1/calendar.ics")
def get_calendar() -> ResponseReturnValue:
    """The calendar, rendered for who asks."""
    from tests.bench.plain.rendering import rendered  # noqa: PLC0415 - icalendar is not what the other requests need

    return rendered(Todo.query.order_by(Todo.id).all()), 200, {"Content-Type": "text/calendar"}


def _changed() -> None:
    if "QUEUE_URL" in os.environ:
        from tests.bench.plain.worker import render_calendar  # noqa: PLC0415 - only where there is a queue

        render_calendar.delay()

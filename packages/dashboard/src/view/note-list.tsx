import type { JSX } from "preact";
import type { Note } from "../notes.ts";
import { SeverityGlyph } from "./state-badge.tsx";
import { LocalTime, Since } from "./time.tsx";

/** What makes an agent different from one that is simply up; nothing when nothing does. */
export function NoteList({ notes }: { readonly notes: readonly Note[] }): JSX.Element | null {
  if (notes.length === 0) return null;
  return (
    <ul class="notes">
      {notes.map((note) => (
        <li key={note.text} class={`note note-${note.tone}`}>
          <SeverityGlyph severity={note.tone} />
          <span>
            {note.text}
            <NoteTime note={note} />
            {note.tail}
          </span>
        </li>
      ))}
    </ul>
  );
}

function NoteTime({ note }: { readonly note: Note }): JSX.Element | null {
  if (note.at === null) return null;
  return note.show === "since" ? (
    <span class="muted">
      {" · "}
      <Since iso={note.at} />
    </span>
  ) : (
    <>
      {" "}
      <LocalTime iso={note.at} />
    </>
  );
}

/** Where a recording is handed in. */
export function SubmitForm() {
  return <h1>Turn a recording into sheet music</h1>;
}

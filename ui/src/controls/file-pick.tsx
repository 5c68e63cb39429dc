/** A button that asks for one photo. */
export function FilePick({
  label,
  disabled = false,
  onPick,
}: {
  label: string;
  disabled?: boolean;
  onPick: (file: File) => void;
}) {
  return (
    <label class="file-pick">
      <input
        type="file"
        accept="image/*"
        disabled={disabled}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          // Emptied, so that the same file can be picked once more.
          currentTarget.value = "";
          if (file) onPick(file);
        }}
      />
      <span>{label}</span>
    </label>
  );
}

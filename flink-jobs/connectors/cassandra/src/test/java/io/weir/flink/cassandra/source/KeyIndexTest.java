package io.weir.flink.cassandra.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.junit.jupiter.api.Test;

class KeyIndexTest {
  private static final int[] FIRST_COLUMN = {0};
  private static final int ROWS = 200_000;

  /** A text as the reader creates it. */
  private static StringData text(String value) {
    return StringData.fromBytes(value.getBytes(StandardCharsets.UTF_8));
  }

  private static GenericRowData key(int number) {
    return GenericRowData.of(text("key %012d".formatted(number)));
  }

  /** Four texts of 16 bytes. */
  private static GenericRowData row(int number, String value) {
    return GenericRowData.of(
        key(number).getField(0),
        text("%s %010d".formatted(value, number)),
        text("%s %010d".formatted(value, number)),
        text("%s %010d".formatted(value, number)));
  }

  private static KeyIndex index(int rows, KeyIndex known) {
    KeyIndex index = new KeyIndex(FIRST_COLUMN);
    for (int i = 0; i < rows; i++) {
      GenericRowData row = row(i, "value");
      index.add(known == null ? row : known.known(row));
    }
    return index;
  }

  @Test
  void anEqualRowIsSharedAndAChangedOneIsNot() {
    KeyIndex old = index(2, null);
    RowData first = old.get(key(1)).iterator().next();
    assertThat(old.known(row(1, "value"))).isSameAs(first);
    GenericRowData changed = row(1, "other");
    assertThat(old.known(changed)).isSameAs(changed);
    GenericRowData added = row(2, "value");
    assertThat(old.known(added)).isSameAs(added);
  }

  @Test
  void rowsThatShareAKeyAreEachFound() {
    KeyIndex old = new KeyIndex(FIRST_COLUMN);
    List<GenericRowData> rows =
        List.of(
            GenericRowData.of(text("k"), 1, new byte[] {1}), GenericRowData.of(text("k"), 2, null));
    rows.forEach(old::add);
    assertThat(old.known(GenericRowData.of(text("k"), 2, null))).isSameAs(rows.get(1));
    assertThat(old.known(GenericRowData.of(text("k"), 1, new byte[] {1}))).isSameAs(rows.get(0));
  }

  @Test
  void aRowWithoutAKeyIsNobodys() {
    GenericRowData row = GenericRowData.of(null, text("v"));
    assertThat(index(1, null).known(row)).isSameAs(row);
  }

  /** The constants come from weir.sizing.references. */
  @Test
  void aCopyAndItsReloadNeedTheMemoryThatSizingPlans() {
    long empty = used();
    KeyIndex copy = index(ROWS, null);
    long once = (used() - empty) / ROWS;
    KeyIndex reloaded = index(ROWS, copy);
    long more = (used() - empty) / ROWS - once;
    assertThat(reloaded.get(key(7)).iterator().next()).isSameAs(copy.get(key(7)).iterator().next());
    assertThat(once).isCloseTo(846L, within(40L));
    assertThat(more).isCloseTo(72L, within(20L));
  }

  private static long used() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }
}

package io.weir.flink.cassandra;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.data.CqlDuration;
import java.util.List;
import org.apache.flink.table.api.TableEnvironment;
import org.junit.jupiter.api.Test;

class TypesIT extends CassandraTestBase {
  private static final String FLINK_COLUMNS =
      "k INT, c_ascii STRING, c_text STRING, c_tinyint TINYINT, c_smallint SMALLINT, c_bigint BIGINT,"
          + " c_varint DECIMAL(38, 0), c_decimal DECIMAL(20, 4), c_float FLOAT, c_double DOUBLE, c_boolean BOOLEAN,"
          + " c_timestamp TIMESTAMP(3), c_instant TIMESTAMP_LTZ(3), c_micros TIMESTAMP(6), c_date DATE, c_time TIME,"
          + " c_uuid STRING, c_timeuuid STRING, c_inet STRING, c_blob BYTES, PRIMARY KEY (k) NOT ENFORCED";
  private static final String CQL_COLUMNS =
      "k int PRIMARY KEY, c_ascii ascii, c_text text, c_tinyint tinyint, c_smallint smallint, c_bigint bigint,"
          + " c_varint varint, c_decimal decimal, c_float float, c_double double, c_boolean boolean,"
          + " c_timestamp timestamp, c_instant timestamp, c_micros timestamp, c_date date, c_time time, c_uuid uuid,"
          + " c_timeuuid timeuuid, c_inet inet, c_blob blob";

  private static final String ROW =
      "'plain', 'zażółć \uD83D\uDE80', CAST(-128 AS TINYINT), CAST(-32768 AS SMALLINT), -9223372036854775808,"
          + " CAST('-12345678901234567890123456789' AS DECIMAL(38, 0)), CAST(-1234567.8901 AS DECIMAL(20, 4)),"
          + " CAST(-1.5 AS FLOAT), 2.5E-300, TRUE, TIMESTAMP '1969-12-31 23:59:59.999',"
          + " CAST(TIMESTAMP '2013-06-30 12:34:56.789' AS TIMESTAMP_LTZ(3)),"
          + " TIMESTAMP '2013-01-01 00:00:00.123456', DATE '1815-12-10', TIME '23:59:59',"
          + " '123e4567-e89b-12d3-a456-426614174000', '8c4e2f00-1dd2-11b2-8000-000000000000', '2001:db8::1',"
          + " x'00ff10'";

  @Test
  void everyTypeComesBackAsItWasWritten() throws Exception {
    cassandra.execute("CREATE TABLE everything (" + CQL_COLUMNS + ")");
    TableEnvironment env = batch();
    env.executeSql("CREATE TABLE everything (" + FLINK_COLUMNS + ")" + with("everything"));
    run(env, "INSERT INTO everything SELECT 1, " + ROW);
    run(env, "INSERT INTO everything (k) VALUES (2)");

    Row stored = select("SELECT * FROM everything WHERE k = 1").get(0);
    assertThat(stored.getFormattedContents())
        .contains(
            "'plain'", "-128", "-32768", "-9223372036854775808", "-12345678901234567890123456789")
        .contains("c_decimal:-1234567.8901", "-1.5", "2.5E-300", "true")
        .contains("c_timestamp:'1969-12-31T23:59:59.999Z'", "c_instant:'2013-06-30T12:34:56.789Z'")
        .contains("c_micros:'2013-01-01T00:00:00.123Z'", "'1815-12-10'", "'23:59:59.000000000'")
        .contains("123e4567-e89b-12d3-a456-426614174000", "8c4e2f00-1dd2-11b2-8000-000000000000")
        .contains("2001:db8:0:0:0:0:0:1", "0x00ff10");

    List<String> read = rows(env, "SELECT * FROM everything ORDER BY k");
    assertThat(read.get(0))
        .isEqualTo(
            "+I[1, plain, zażółć \uD83D\uDE80, -128, -32768, -9223372036854775808, -12345678901234567890123456789,"
                + " -1234567.8901, -1.5, 2.5E-300, true, 1969-12-31T23:59:59.999, 2013-06-30T12:34:56.789Z,"
                + " 2013-01-01T00:00:00.123, 1815-12-10, 23:59:59, 123e4567-e89b-12d3-a456-426614174000,"
                + " 8c4e2f00-1dd2-11b2-8000-000000000000, 2001:db8::1, [0, -1, 16]]");
    assertThat(read.get(1)).isEqualTo("+I[2" + ", null".repeat(19) + "]");
  }

  @Test
  void aScanReadsEachRowOnceAndOnlyTheColumnsAskedFor() throws Exception {
    cassandra.execute("CREATE TABLE many (k int, c int, v text, d duration, PRIMARY KEY (k, c))");
    for (int i = 0; i < 1000; i++) {
      cassandra.execute(
          "INSERT INTO many (k, c, v, d) VALUES (?, ?, ?, ?)",
          i / 3,
          i,
          "v" + i,
          CqlDuration.from("1d"));
    }
    TableEnvironment env = batch("parallelism.default=3");
    env.executeSql("CREATE TABLE many (v STRING, k INT, c INT)" + with("many"));
    assertThat(rows(env, "SELECT COUNT(*), COUNT(DISTINCT c), SUM(c) FROM many"))
        .containsExactly("+I[1000, 1000, 499500]");
    assertThat(rows(env, "SELECT c, v FROM many WHERE c > 997 ORDER BY c"))
        .containsExactly("+I[998, v998]", "+I[999, v999]");
    assertThat(rows(env, "SELECT COUNT(*) FROM many")).containsExactly("+I[1000]");
  }
}

package io.weir.cassandra.session;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.metadata.schema.KeyspaceMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.RelationMetadata;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds tables and views in the cluster's schema. Names are case-sensitive. */
public final class Relations {
  private Relations() {}

  /**
   * Returns the table or materialized view of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the existing ones
   */
  public static RelationMetadata find(CqlSession session, String keyspace, String table) {
    return lookUp(session, keyspace, table)
        .or(
            () -> {
              // The table may be newer than the schema that the shared session has cached.
              session.refreshSchema();
              return lookUp(session, keyspace, table);
            })
        .orElseThrow(() -> missing(session, keyspace, table));
  }

  private static Optional<RelationMetadata> lookUp(
      CqlSession session, String keyspace, String table) {
    CqlIdentifier name = CqlIdentifier.fromInternal(table);
    return keyspace(session, keyspace)
        .flatMap(
            found ->
                found
                    .getTable(name)
                    .map(RelationMetadata.class::cast)
                    .or(() -> found.getView(name).map(RelationMetadata.class::cast)));
  }

  private static Optional<KeyspaceMetadata> keyspace(CqlSession session, String keyspace) {
    return session.getMetadata().getKeyspace(CqlIdentifier.fromInternal(keyspace));
  }

  private static IllegalArgumentException missing(
      CqlSession session, String keyspace, String table) {
    Optional<KeyspaceMetadata> found = keyspace(session, keyspace);
    if (found.isEmpty()) {
      return new IllegalArgumentException(
          "The keyspace '%s' does not exist, or this user may not see it. Names are case-sensitive."
              .formatted(keyspace));
    }
    List<String> names =
        Stream.concat(
                found.get().getTables().keySet().stream(), found.get().getViews().keySet().stream())
            .map(CqlIdentifier::asInternal)
            .sorted()
            .toList();
    return new IllegalArgumentException(
        "The table '%s' does not exist in keyspace '%s', which has %s. Names are case-sensitive."
            .formatted(table, keyspace, names.isEmpty() ? "no tables" : names));
  }
}

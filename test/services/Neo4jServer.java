// Runs Neo4j in this process until it is told to end: java -cp 'lib/*' Neo4jServer DIRECTORY PORT READ_ONLY PASSWORD [once]
// With `once` it ends when it is ready.
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.connectors.BoltConnectorInternalSettings;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

public class Neo4jServer {
  public static void main(String[] arguments) throws Exception {
    var isNew = !Files.exists(Path.of(arguments[0], "data"));
    var server = new DatabaseManagementServiceBuilder(Path.of(arguments[0]))
        .setConfig(BoltConnector.enabled, true)
        .setConfig(BoltConnector.listen_address, new SocketAddress("127.0.0.1", Integer.parseInt(arguments[1])))
        // By itself it waits ten seconds for nothing.
        .setConfig(BoltConnectorInternalSettings.thread_pool_shutdown_wait_time, Duration.ofSeconds(1))
        .setConfig(BoltConnectorInternalSettings.connection_shutdown_wait_time, Duration.ofSeconds(1))
        .setConfig(GraphDatabaseSettings.auth_enabled, true)
        .setConfig(GraphDatabaseSettings.auth_minimum_password_length, 1)
        .setConfig(GraphDatabaseSettings.read_only_database_default, Boolean.parseBoolean(arguments[2]))
        .setConfig(GraphDatabaseSettings.pagecache_memory, 128L * 1024 * 1024)
        .build();
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown));
    var system = server.database(GraphDatabaseSettings.SYSTEM_DATABASE_NAME);
    if (isNew) system.executeTransactionally("ALTER USER neo4j SET PASSWORD $password CHANGE NOT REQUIRED", Map.of("password", arguments[3]));
    if (!server.database(GraphDatabaseSettings.DEFAULT_DATABASE_NAME).isAvailable(Duration.ofMinutes(1).toMillis()))
      throw new IllegalStateException("The database is not available.");
    System.out.println("Neo4j is ready.");
    if (arguments.length > 4) System.exit(0);
    Thread.currentThread().join();
  }
}
